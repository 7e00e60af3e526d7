import { shallowReactive } from 'vue'

/** A job that a person has begun in this tab and that is shown wherever he or she goes. */
export interface FollowedJob {
  id: number
  userId: number
  /** What it is about, in its own words. */
  label: string
  /** Where it is told of in full. */
  path: string
  /** Nowhere is it told of in full: it is shown there too. */
  isEverywhere?: boolean
  /** What is done; files are imported where it says nothing. */
  kind?: 'export'
}

const entry = 'lianxi.jobs'
const kept = (): FollowedJob[] => {
  try {
    return JSON.parse(sessionStorage.getItem(entry) ?? '[]') as FollowedJob[]
  } catch {
    return []
  }
}
/** The jobs that are followed in this tab; a reload keeps them. */
export const followedJobs = shallowReactive<FollowedJob[]>(kept())

function keep(): void {
  try {
    sessionStorage.setItem(entry, JSON.stringify(followedJobs))
  } catch {
    // They are then followed until the tab is loaded again.
  }
}
/** Shows a job on every page until it is put away. */
export function followJob(job: FollowedJob): void {
  unfollowJob(job.id)
  followedJobs.push(job)
  keep()
}
/** Puts a job away. */
export function unfollowJob(id: number): void {
  const at = followedJobs.findIndex((one) => one.id === id)
  if (at >= 0) followedJobs.splice(at, 1)
  keep()
}
