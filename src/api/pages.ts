/** Lists that come in pages. */
import { Type } from 'typebox';

/** Entries of a page at the most, and where the client does not say. */
export const MAX_PAGE = 1_000;
export const DEFAULT_PAGE = 100;

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1_000, description: 'next of the page before, from the same query' }),
  ),
};

/** Where the next page begins; null at the end. */
export const Next = Type.Union([Type.String(), Type.Null()], {
  description: 'cursor of the next page, null at the end',
});
