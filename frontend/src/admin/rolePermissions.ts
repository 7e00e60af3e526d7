import type { Permission, Role } from '@/api/types'

/** Rights that belong together on the screen, in the order in which they are read. */
export const permissionGroups = [
  {
    key: 'customers',
    permissions: [
      'customer:read',
      'customer:write',
      'customer:assign',
      'customer:unmask',
      'customer:duplicate',
      'tag:write',
    ],
  },
  { key: 'contacts', permissions: ['contact:read', 'contact:write'] },
  { key: 'deals', permissions: ['deal:read', 'deal:write', 'deal:assign', 'history:load'] },
  { key: 'tasks', permissions: ['task:read', 'task:write'] },
  { key: 'files', permissions: ['attachment:read', 'attachment:write'] },
  { key: 'products', permissions: ['product:write', 'product:cost'] },
  { key: 'reports', permissions: ['report:read', 'target:write'] },
  { key: 'data', permissions: ['journal:read', 'record:restore', 'export', 'privacy:read', 'privacy:erase'] },
  {
    key: 'admin',
    permissions: [
      'user:write',
      'team:write',
      'role:write',
      'pipeline:write',
      'option:write',
      'custom_field:write',
      'setting:write',
    ],
  },
] as const satisfies readonly { key: string; permissions: readonly Permission[] }[]

/** Every right that has a place on the screen; one that is missing here fails the type check below. */
type Placed = (typeof permissionGroups)[number]['permissions'][number]
type Missing = Exclude<Permission, Placed>
const isComplete: [Missing] extends [never] ? true : Missing = true
void isComplete

/** All rights, as they are read. */
export const allPermissions: readonly Permission[] = permissionGroups.flatMap(
  ({ permissions }) => permissions,
)

const readingOf = (permission: Permission): Permission | undefined =>
  allPermissions.find((one) => one === `${permission.split(':')[0]}:read` && one !== permission)

/** The rights after one was given or taken: who may change something may read it, and the other way round. */
export function withPermission(
  rights: readonly Permission[],
  permission: Permission,
  isGiven: boolean,
): Permission[] {
  const reading = readingOf(permission)
  const next = isGiven
    ? [...rights, permission, ...(reading ? [reading] : [])]
    : rights.filter((one) => one !== permission && readingOf(one) !== permission)
  return allPermissions.filter((one) => next.includes(one))
}

/** What an edit gives and takes. */
export function changesOf(before: Role['permissions'], after: Role['permissions']) {
  return {
    given: allPermissions.filter((one) => after.includes(one) && !before.includes(one)),
    taken: allPermissions.filter((one) => before.includes(one) && !after.includes(one)),
  }
}

/** The word-file key of a right: `customer:read` -> `customer_read`. */
export const permissionKey = (permission: Permission): string =>
  `admin.role.may.${permission.replace(':', '_')}`
