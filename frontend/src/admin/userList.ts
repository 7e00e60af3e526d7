import { oneOf, type ListSpec } from '@/records/listSpec'

/** The people of the house as an admin lists them. */
export const userList: ListSpec<'users'> = {
  resource: 'users',
  defaultSort: 'name',
  sorts: { name: (user) => user.name, team_id: (user) => user.team_id },
  filters: {
    role: (user, values) => oneOf(user.role, values),
    team_id: (user, values) => oneOf(user.team_id, values),
    deleted: () => true,
  },
  searched: (user) => [user.name, user.email, user.phone],
  hasRightFields: true,
}
