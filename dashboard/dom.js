// Makes elements. Text only ever becomes text nodes and attribute values, never markup.

const SVG = 'http://www.w3.org/2000/svg'

/**
 * Returns a new element.
 * `props`: `on` has event listeners by type, `class`, `dataset`; everything else is an attribute, or a property if it is one that
 * attributes can't set (`value`, `checked`, `disabled`, …). `null`, `undefined` and `false` are left out.
 */
export function h(name, props, ...children) {
  const element = document.createElement(name)
  if (isProps(props)) apply(element, props)
  else children.unshift(props)
  append(element, children)
  return element
}

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value)
  append(element, children)
  return element
}

/** A text from outside: its direction is its own, and it doesn't change that of what stands beside it. */
export const bdi = text => h('bdi', { dir: 'auto' }, String(text ?? ''))

export function replace(element, ...children) {
  element.replaceChildren()
  append(element, children)
  return element
}

/** An icon of 16 pixels, from the path of a drawing with 24. */
export function icon(path) {
  return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: path }))
}

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'selected', 'indeterminate', 'open', 'hidden', 'inert'])

function isProps(props) {
  return props != null && typeof props === 'object' && !(props instanceof Node) && !Array.isArray(props)
}

function apply(element, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value == null || value === false) continue
    if (key === 'on') for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener)
    else if (key === 'class') element.className = Array.isArray(value) ? value.filter(Boolean).join(' ') : value
    else if (key === 'dataset') Object.assign(element.dataset, value)
    else if (key === 'style') for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text)
    else if (PROPERTIES.has(key)) element[key] = value
    else element.setAttribute(key, value === true ? '' : value)
  }
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false || child === true) continue
    element.append(child instanceof Node ? child : String(child))
  }
}
