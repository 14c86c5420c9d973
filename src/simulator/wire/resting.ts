/** Which orders may stay in the book; the others are over as soon as they have been matched. */
import type { Tif } from '../exchange/api.ts';

export const mayRest = ({ tif }: { readonly tif: Tif }): boolean => tif === 'GTC' || tif === 'POST_ONLY';
