// The languages that can be asked for.

import { language } from './format.js'

const codes = `af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh`.split(' ')

/** Pairs of code and name, in the order of the reader's language. */
export function languages() {
  return codes.map(code => [code, language(code)]).sort((a, b) => a[1].localeCompare(b[1]))
}
