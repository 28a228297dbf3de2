// One element of the XML as a part of the form, from the vocabulary that the node itself reads by. Settings that stand in the text are
// shown, the others wait below with their defaults; a setting that is emptied keeps its place while the page is open.
import { Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { AttributeStatus, ElementStatus } from '../../api/configuration';
import { Icon } from '../../components/Icon';
import { hasFault, placeOf, type PlacedFaults } from '../../model/formFaults';
import { attributeOf, encode, withAttribute, withChild, withoutElement, type XmlElement } from '../../model/xmlText';
import classes from './ElementForm.module.css';
import { meaning, nameOf, titleOf } from './words';

export interface FormPart {
  text: string;
  faults: PlacedFaults;
  readOnly: boolean;
  onText: (text: string) => void;
}

/** Fields side by side stand in one line, however long the words below them are. */
export const below: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'error', 'description'];

function Setting({ element, known, part }: { element: XmlElement; known: AttributeStatus; part: FormPart }) {
  const value = attributeOf(element, known.name)?.value;
  const error = part.faults.get(placeOf(element, known.name));
  const set = (next: string) => part.onText(withAttribute(part.text, element, known.name, next === '' && (!known.required && known.kind !== 'FreeText') ? null : next));
  const about = (
    <>
      {meaning(known.meaning)}.{known.kind === 'Duration' && known.unit ? ` A bare number is ${known.unit}.` : ''}{' '}
      <span className={classes.when}>{known.whileRunning ? 'Changes while it runs.' : 'Needs a stop.'}</span>
    </>
  );
  const label = <span className="mono">{known.name}</span>;
  const shared = { label, description: about, error, inputWrapperOrder: below, required: known.required, withAsterisk: false };
  if (known.kind === 'OnOff' || known.kind === 'Choice') {
    const choices = known.kind === 'OnOff' ? ['on', 'off'] : known.choices;
    const data = [
      ...(known.required ? [] : [{ value: '', label: known.default === undefined ? 'not set' : `${known.default} (default)` }]),
      ...[...choices, ...(value !== undefined && value !== '' && !choices.includes(value) ? [value] : [])].map(one => ({ value: one, label: one })),
    ];
    return <NativeSelect {...shared} data={data} value={value ?? ''} disabled={part.readOnly} onChange={event => set(event.currentTarget.value)} />;
  }
  return (
    <TextInput {...shared} placeholder={known.default ? `${known.default} (default)` : undefined} value={value ?? ''} readOnly={part.readOnly} spellCheck={false} autoComplete="off"
      onChange={event => set(event.currentTarget.value)} />
  );
}

/** What an element of this kind needs to begin with: the fields are there at once, empty, and the check says what is missing. */
function fresh(known: ElementStatus): string {
  const attributes = known.attributes.filter(one => one.required).map(one => ` ${one.name}="${encode(one.kind === 'Choice' ? one.default ?? one.choices[0] ?? '' : '')}"`).join('');
  const children = known.children.filter(one => one.required && one.standing === 'Used').map(fresh).join('');
  return children ? `<${known.name}${attributes}>${children}</${known.name}>` : `<${known.name}${attributes}/>`;
}

interface Props { element: XmlElement; known: ElementStatus; part: FormPart }

export function Settings({ element, known, part }: Props) {
  const [first] = useState(() => new Set(element.attributes.map(one => one.name)));
  const used = known.attributes.filter(one => one.standing === 'Used' || attributeOf(element, one.name));
  const isShown = (one: AttributeStatus) => one.required || first.has(one.name) || attributeOf(element, one.name) !== undefined;
  for (const one of used) if (attributeOf(element, one.name)) first.add(one.name);
  const more = used.filter(one => !isShown(one));
  const own = part.faults.get(placeOf(element));
  return (
    <>
      {own && <p className={classes.fault} role="alert">{own}</p>}
      {used.some(isShown) && <div className={classes.fields}>{used.filter(isShown).map(one => <Setting key={one.name} element={element} known={one} part={part} />)}</div>}
      {more.length > 0 && !part.readOnly && (
        <details className={classes.more}>
          <summary>{more.length === 1 ? '1 more setting' : `${more.length} more settings`}<span className="unseen"> of {titleOf(element.name)} {nameOf(element)}</span></summary>
          <div className={classes.fields}>{more.map(one => <Setting key={one.name} element={element} known={one} part={part} />)}</div>
        </details>
      )}
    </>
  );
}

/** The elements within one, and what can be done with it. */
export function Children({ element, known, part, remove = null }: Props & { remove?: ReactNode }) {
  const possible = known.children.filter(one => one.standing === 'Used' && (one.many || !element.children.some(child => child.name === one.name)));
  return (
    <>
      {element.children.map((child, n) => {
        const kind = known.children.find(one => one.name === child.name);
        return kind ? <Child key={`${child.name}${n}`} element={child} known={kind} part={part} /> : null;
      })}
      {element.content !== '' && <p className={classes.soft}>Rules stand here as text: they are edited in the XML.</p>}
      {!part.readOnly && (possible.length > 0 || remove !== null) && <div className={classes.row}>
        {possible.length > 0 && <Menu position="bottom-start" width={300}>
          <Menu.Target><Button variant="subtle" size="xs" leftSection={<Icon name="plus" size={14} />} aria-label={`Add to ${titleOf(element.name)} ${nameOf(element)}`.trim()}>Add</Button></Menu.Target>
          <Menu.Dropdown>
            {possible.map(one => (
              <Menu.Item key={one.name} onClick={() => part.onText(withChild(part.text, element, fresh(one), element.children.filter(child => child.name === one.name).at(-1) ?? null))}>
                {titleOf(one.name)}<span className={classes.about}>{meaning(one.meaning)}</span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>}
        {remove}
      </div>}
    </>
  );
}

function Child({ element, known, part }: Props) {
  const [asked, setAsked] = useState(known.name !== 'var');
  const wrong = hasFault(element, part.faults);
  const title = titleOf(known.name);
  const name = nameOf(element);
  return (
    <details className={classes.child} open={asked || wrong} onToggle={event => setAsked(event.currentTarget.open)}>
      <summary><span className={classes.kind}>{title}</span> <span className="mono">{name}</span>{wrong && <span className={classes.wrong}>wrong</span>}</summary>
      <div className={classes.inside} role="group" aria-label={`${title} ${name}`.trim()}>
        <p className={classes.soft}>{meaning(known.meaning)}.</p>
        <Settings element={element} known={known} part={part} />
        <Children element={element} known={known} part={part} remove={<Button variant="subtle" color="red" size="xs" leftSection={<Icon name="trash" size={14} />} aria-label={`Remove ${title} ${name}`.trim()} onClick={() => part.onText(withoutElement(part.text, element))}>Remove</Button>} />
      </div>
    </details>
  );
}
