// Light or dark: as the system says, or as the reader chose.

const STORED = 'verbatim.theme'

export const theme = () => localStorage.getItem(STORED) ?? 'system'

export function setTheme(name) {
  if (name === 'system') localStorage.removeItem(STORED)
  else localStorage.setItem(STORED, name)
  applyTheme()
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme()
}
