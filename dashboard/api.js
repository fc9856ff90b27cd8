// Calls of the public API, with the session's cookie. The dashboard can do nothing that the API can't.

/** Where the API is: one step above the pages, whatever path prefix a proxy puts before both. */
const root = new URL('../', document.baseURI)
/** The token that shows that a change comes from these pages. */
let csrf = null
let onSignedOut = () => {}

/** What the API answered if it wasn't what we asked for. `status` is 0 if there was no answer. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.message ?? 'The service can’t be reached. Check your connection and try again.')
    this.status = status
    this.code = problem?.error ?? 'unreachable'
    this.field = problem?.field
    this.requestId = problem?.request_id
    this.problem = problem ?? {}
    this.retryAfter = retryAfter
  }
}

export function useSession(session, signedOut = () => {}) {
  csrf = session?.csrf_token ?? null
  onSignedOut = signedOut
}

/** The address of a call, such as `/jobs/{id}`, with the members of `query` that aren't null. */
export function address(path, query = {}) {
  const url = new URL(path.slice(1), root)
  for (const [key, value] of Object.entries(query)) if (value != null && value !== '') url.searchParams.set(key, value)
  return url
}

/**
 * Makes a call and returns what it answers: the JSON, or null if there is none. Throws `ApiError`.
 * Options: `query`, `json` (the body), `headers`, `signal`, `keepalive`, and `whole` to get `{ body, headers }`.
 */
export async function call(method, path, options = {}) {
  const headers = { Accept: 'application/json', ...options.headers }
  if (options.json !== undefined) headers['Content-Type'] = 'application/json'
  if (csrf && method !== 'GET') headers['X-CSRF-Token'] = csrf
  let response, body
  try {
    response = await fetch(address(path, options.query), {
      method, headers, signal: options.signal, keepalive: options.keepalive,
      body: options.json === undefined ? undefined : JSON.stringify(options.json),
    })
    body = response.status === 204 ? null : await parse(response)
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new ApiError(0)
  }
  if (!response.ok) throw failure(response.status, body, name => response.headers.get(name))
  return options.whole ? { body, headers: response.headers } : body
}

export const get = (path, query, options) => call('GET', path, { ...options, query })

/** Reads a list of the API over all its pages. `member` is what the list is called in the answer. */
export async function all(path, member, signal) {
  const found = []
  for (let cursor = ''; cursor != null;) {
    const answer = await get(path, { limit: 200, cursor }, { signal })
    found.push(...answer[member])
    cursor = answer.next_cursor
  }
  return found
}

/**
 * Sends a form with a file, and reports the bytes sent. `fetch` can't do that, so this is an XMLHttpRequest.
 * Throws `ApiError`; the file must be the form's last part.
 */
export function send(path, form, { query, headers = {}, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address(path, query))
    request.responseType = 'json'
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...headers })) request.setRequestHeader(name, value)
    if (csrf) request.setRequestHeader('X-CSRF-Token', csrf)
    request.upload.onprogress = event => onProgress(event.loaded, event.total)
    request.onload = () => request.status < 300 ? resolve(request.response)
      : reject(failure(request.status, request.response, name => request.getResponseHeader(name)))
    request.onerror = () => reject(new ApiError(0))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

/** Fetches a file and saves it under the name that the API gives it. Throws `ApiError`. */
export async function download(path, query) {
  const response = await fetch(address(path, query)).catch(() => { throw new ApiError(0) })
  if (!response.ok) throw failure(response.status, await parse(response), name => response.headers.get(name))
  const name = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1]
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name ? decodeURIComponent(name) : path.split('/').at(-1)
  link.click()
  // The browser has taken the file over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

async function parse(response) {
  const type = response.headers.get('Content-Type') ?? ''
  return type.includes('json') ? response.json() : { message: `The service answered with status ${response.status}.` }
}

function failure(status, problem, header) {
  const error = new ApiError(status, problem ?? undefined, Number(header('Retry-After')) || null)
  // A wrong password ends no session; a missing token is that of a session that another tab has replaced.
  if ((status === 401 && error.code !== 'wrong_password') || error.code === 'csrf_token_missing') onSignedOut(error)
  return error
}
