import { Product } from './product'

/** Starts the product that all journeys share; gives what ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const product = await Product.start()
  process.env['LIANXI_E2E_URL'] = product.url
  return () => product.end()
}
