import { errorOf, ApiError } from './errors'
import { sessionHeaders } from './transport'

/** Sends a form and tells how far it is, from 0 to 1: what fetch cannot say. */
export function upload<T>(path: string, form: FormData, progress: (part: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    for (const [name, value] of Object.entries({ Accept: 'application/json', ...sessionHeaders() })) request.setRequestHeader(name, value)
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    request.onerror = () => reject(new ApiError('offline'))
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    request.onload = () => {
      let body: unknown = null
      try {
        body = JSON.parse(request.responseText)
      } catch {
        // no JSON: the status says enough
      }
      if (request.status >= 200 && request.status < 300) return resolve(body as T)
      const headers = new Headers()
      for (const name of ['date', 'x-request-id']) headers.set(name, request.getResponseHeader(name) ?? '')
      reject(errorOf(request.status, headers, body))
    }
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}
