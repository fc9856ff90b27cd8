// What this browser remembers. Where storage is blocked, it remembers nothing, and everything else works.

export function recall(name) {
  try { return JSON.parse(localStorage.getItem(`verbatim.${name}`)) } catch { return null }
}

/** Null forgets it. */
export function remember(name, value) {
  try {
    if (value == null) localStorage.removeItem(`verbatim.${name}`)
    else localStorage.setItem(`verbatim.${name}`, JSON.stringify(value))
  } catch { /* Then not. */ }
}
