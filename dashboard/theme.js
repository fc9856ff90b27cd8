// Light or dark: as the system says, or as the reader chose.

import { recall, remember } from './storage.js'

export const theme = () => recall('theme') ?? 'system'

export function setTheme(name) {
  remember('theme', name === 'system' ? null : name)
  applyTheme()
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme()
}
