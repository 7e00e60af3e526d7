import { QueryClient } from '@tanstack/vue-query'
import { Problem } from '@/api/problem'

/** The cache of everything that came from the server. Events keep it true, so that age alone reloads nothing. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5 * 60_000,
        gcTime: 15 * 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // The browser's idea of "offline" is wrong for a server on the same machine.
        networkMode: 'always',
        retry: (count, fault) => fault instanceof Problem && fault.isUnavailable && count < 2,
        retryDelay: (count, fault) =>
          (fault instanceof Problem && fault.retryAfterSeconds !== null
            ? Math.min(fault.retryAfterSeconds, 10)
            : 0.4 * 2 ** count) * 1000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}
