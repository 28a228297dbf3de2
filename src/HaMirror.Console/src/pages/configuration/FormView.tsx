import { Button, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { xmlPath, type ConfigurationFault, type ElementStatus } from '../../api/configuration';
import { Card } from '../../components/Card';
import { Icon } from '../../components/Icon';
import { Note } from '../../components/Note';
import { placeFaults, placeOf } from '../../model/formFaults';
import { fieldsOf, readXml, withAttribute, withChild, type Field, type XmlElement } from '../../model/xmlText';
import { below, Children, Settings, type FormPart } from './ElementForm';
import classes from './FormView.module.css';
import { meaning, titleOf } from './words';

interface Props {
  text: string;
  vocabulary: ElementStatus;
  faults: readonly ConfigurationFault[];
  readOnly: boolean;
  onText: (text: string) => void;
  /** To the place in the XML. */
  onPlace: (path: string, line: number, column: number) => void;
}

/** The XML as a form: what this module is made of first, then every setting. */
export function FormView({ text, vocabulary, faults, readOnly, onText, onPlace }: Props) {
  const read = useMemo(() => readXml(text), [text]);
  const placed = useMemo(() => (read.root ? placeFaults(text, read.root, faults) : new Map<string, string>()), [text, read, faults]);
  if (!read.root || read.root.name !== 'safe') {
    const fault = read.fault ?? { line: 1, column: 1, text: 'The outermost element must be <safe>.' };
    return (
      <Note tone="bad" title={`The form cannot show this XML: line ${fault.line} cannot be read.`}>
        <p>{fault.text}</p>
        <p><Button size="xs" variant="default" onClick={() => onPlace(xmlPath, fault.line, fault.column)}>Go to line {fault.line}</Button></p>
      </Note>
    );
  }
  const part: FormPart = { text, faults: placed, readOnly, onText };
  const service = read.root.children.find(child => child.name === 'service');
  const known = vocabulary.children.find(child => child.name === 'service');
  return (
    <div className={classes.stack}>
      <Values fields={fieldsOf(read.root)} part={part} />
      {service && known
        ? <Service element={service} known={known} part={part} />
        : <Note tone="bad" title="There is no <service> in the XML."><p>Without it this is no module. {!readOnly && <Button size="xs" variant="default" onClick={() => onText(withChild(text, read.root!, '<service mode="mirror"/>'))}>Add it</Button>}</p></Note>}
    </div>
  );
}

function Values({ fields, part }: { fields: readonly Field[]; part: FormPart }) {
  if (fields.length === 0) return null;
  return (
    <Card title="Values of this module">
      <div className={classes.values}>
        {fields.map(field => (
          <TextInput key={`${field.kind}${field.name}`} label={field.name} description={field.meaning ? meaning(field.meaning) : undefined} inputWrapperOrder={below} value={field.value} readOnly={part.readOnly} spellCheck={false} autoComplete="off"
            error={part.faults.get(placeOf(field.element, 'value')) ?? part.faults.get(placeOf(field.element))}
            onChange={event => part.onText(withAttribute(part.text, field.element, 'value', event.currentTarget.value))} />
        ))}
      </div>
    </Card>
  );
}

function Service({ element, known, part }: { element: XmlElement; known: ElementStatus; part: FormPart }) {
  const missing = known.children.filter(one => one.standing === 'Used' && !element.children.some(child => child.name === one.name));
  const sections = known.children.flatMap(one => element.children.filter(child => child.name === one.name).slice(0, 1).map(child => ({ child, one })));
  return (
    <>
      <Card title={titleOf('service')}><div className={classes.stack}><Settings element={element} known={known} part={part} /></div></Card>
      {sections.map(({ child, one }) => (
        <Card key={one.name} title={titleOf(one.name)} aside={one.meaning.toLowerCase() === titleOf(one.name).toLowerCase() ? undefined : meaning(one.meaning)}>
          <div className={classes.stack}>
            <Settings element={child} known={one} part={part} />
            <Children element={child} known={one} part={part} />
          </div>
        </Card>
      ))}
      {missing.length > 0 && !part.readOnly && (
        <Card title="Not used by this module">
          <div className={classes.row}>
            {missing.map(one => (
              <Button key={one.name} variant="default" size="xs" leftSection={<Icon name="plus" size={14} />} aria-label={`Add ${titleOf(one.name)}`} onClick={() => part.onText(withChild(part.text, element, `<${one.name}/>`))}>{titleOf(one.name)}</Button>
            ))}
          </div>
        </Card>
      )}
    </>
  );
}
