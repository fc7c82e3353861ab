import { defineAsyncComponent, type Component } from 'vue'

export const readThread = () => import('./threadParts')

/** A component that comes later; where the server is away it is asked for again. */
export const soon = <C extends Component>(loader: () => Promise<C>) =>
  defineAsyncComponent<never>({
    loader: loader as never,
    onError: (_e, retry, fail, attempts) => (attempts < 10 ? setTimeout(retry, 1_000 * attempts) : fail()),
  }) as unknown as C
