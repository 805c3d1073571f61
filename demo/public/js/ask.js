/** Asks the server. Resolves with what it sends, and fails with an error whose `status` is not 2xx. */
export async function ask (method, path) {
  const response = await fetch(path, { method, headers: { accept: 'application/json' } })
  if (response.ok) return response.headers.get('content-type')?.includes('json') ? response.json() : undefined
  // Logged out, by another window or from another device.
  if (response.status === 401) location.assign('/')
  const { error = response.statusText } = await response.json().catch(() => ({}))
  throw Object.assign(new Error(error), { status: response.status })
}
