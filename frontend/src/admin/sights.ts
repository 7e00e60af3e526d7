import type { Role } from '@/api/types'

/** How far roles see, each further than the one before. */
export const sights: readonly Role['sight'][] = ['own', 'team', 'team_below', 'everyone']
