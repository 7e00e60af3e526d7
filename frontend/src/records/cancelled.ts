/** Thrown when a person closed the conflict dialog: nothing was saved, nothing is wrong. */
export class SaveCancelled extends Error {
  override readonly name = 'SaveCancelled'
}
