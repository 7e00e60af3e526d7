import { atLeast, atMost, oneOf, type ListSpec } from '@/records/listSpec'

/** What is sold, as an admin lists it. */
export const productList: ListSpec<'products'> = {
  resource: 'products',
  defaultSort: 'code',
  sorts: {
    code: (product) => product.code,
    name: (product) => product.name,
    category: (product) => product.category,
    series: (product) => product.series,
    price: (product) => product.price,
  },
  filters: {
    category: (product, values) => oneOf(product.category, values),
    series: (product, values) => oneOf(product.series, values),
    price_min: (product, values) => atLeast(product.price, values),
    price_max: (product, values) => atMost(product.price, values),
    deleted: () => true,
  },
  searched: (product) => [product.name, product.code, product.series],
  serverFilters: ['where'],
  hasRightFields: true,
}
