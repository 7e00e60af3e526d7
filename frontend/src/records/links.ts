/** A list whose records belong to a record of another list, and are seen with it. */
export interface Belonging {
  parent: string
  child: string
  /** The child's field that holds the parent's id; `<by less _id>` holds the small object. */
  by: string
  /** A deal stays visible to its own owner when its customer is lost: such a child is asked for again. */
  mayOutlive: boolean
}

/** What belongs to what. A further resource that hangs on a customer or a deal is one line here. */
export const belongings: readonly Belonging[] = [
  { parent: 'customers', child: 'people', by: 'customer_id', mayOutlive: false },
  { parent: 'customers', child: 'contacts', by: 'customer_id', mayOutlive: false },
  { parent: 'customers', child: 'deals', by: 'customer_id', mayOutlive: true },
  { parent: 'people', child: 'contacts', by: 'person_id', mayOutlive: true },
  { parent: 'deals', child: 'contacts', by: 'deal_id', mayOutlive: true },
  { parent: 'customers', child: 'tasks', by: 'customer_id', mayOutlive: true },
  { parent: 'people', child: 'tasks', by: 'person_id', mayOutlive: true },
  { parent: 'deals', child: 'tasks', by: 'deal_id', mayOutlive: true },
  { parent: 'deals', child: 'quotes', by: 'deal_id', mayOutlive: false },
  { parent: 'customers', child: 'quotes', by: 'customer_id', mayOutlive: true },
]
