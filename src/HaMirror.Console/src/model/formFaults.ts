// Where in the form a fault of the XML belongs: at the setting that stands at its place, else at the element, else nowhere.
import type { ConfigurationFault } from '../api/configuration';
import { xmlPath } from '../api/configuration';
import { offsetOf, type XmlElement } from './xmlText';

/** Sentences by place: `START` of an element in the text, or `START/ATTRIBUTE`. */
export type PlacedFaults = ReadonlyMap<string, string>;

export const placeOf = (element: XmlElement, attribute?: string): string => (attribute === undefined ? `${element.start}` : `${element.start}/${attribute}`);

export function placeFaults(text: string, root: XmlElement, faults: readonly ConfigurationFault[]): PlacedFaults {
  const placed = new Map<string, string>();
  for (const fault of faults) {
    if (fault.file !== xmlPath || fault.line < 1) continue;
    const place = placeAt(root, offsetOf(text, fault.line, fault.column), fault.column > 0);
    placed.set(place, placed.has(place) ? `${placed.get(place)} ${fault.text}` : fault.text);
  }
  return placed;
}

function placeAt(element: XmlElement, offset: number, exact: boolean): string {
  const child = element.children.find(one => one.start <= offset && offset < one.end);
  if (child) return placeAt(child, offset, exact);
  const attribute = exact ? element.attributes.find(one => one.start <= offset && offset < one.end) : undefined;
  return placeOf(element, attribute?.name);
}

/** Something in the element is wrong, however deep. */
export const hasFault = (element: XmlElement, faults: PlacedFaults): boolean =>
  faults.has(placeOf(element)) || element.attributes.some(one => faults.has(placeOf(element, one.name))) || element.children.some(child => hasFault(child, faults));
