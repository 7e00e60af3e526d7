import type { ListSpec } from '@/records/listSpec'

/** The words that customers are marked with. */
export const tagList: ListSpec<'tags'> = {
  resource: 'tags',
  defaultSort: 'name',
  sorts: { name: (tag) => tag.name },
  filters: {},
  searched: (tag) => [tag.name],
}
