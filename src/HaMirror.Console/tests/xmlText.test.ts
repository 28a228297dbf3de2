import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { placeFaults } from '../src/model/formFaults';
import { attributeOf, encode, fieldsOf, offsetOf, readXml, withAttribute, withChild, withoutElement, type XmlElement } from '../src/model/xmlText';

const template = (name: string) => readFileSync(`${__dirname}/../../../modules/${name}/conf/userconfig.xml`, 'utf8');

function root(text: string): XmlElement {
  const read = readXml(text);
  if (!read.root) throw new Error(`${read.fault?.line}: ${read.fault?.text}`);
  return read.root;
}

const find = (element: XmlElement, ...names: string[]): XmlElement => names.reduce((at, name) => at.children.find(child => child.name === name)!, element);

describe('the fields of a template', () => {
  it('are its macros and plain variables, with the comment before them', () => {
    const fields = fieldsOf(root(template('mirror')));
    expect(fields.map(field => field.name)).toEqual(['DIRECTORY', 'SERVICE', 'START', 'STOP', 'FORCE_STOP', 'RUNNING']);
    expect(fields[1]!.meaning).toBe('A systemd unit; empty: the commands below.');
    expect(fields[3]!.meaning).toBeNull();
    expect(fieldsOf(root(template('kvm'))).map(field => field.value)).toEqual(['/var/lib/libvirt/images', '%SAFEMODULE%']);
  });
});

describe('a value that is set', () => {
  it('changes nothing else, and comes back as it was typed', () => {
    const text = template('mirror');
    const typed = `echo "<&'started" && sleep 1 > /dev/null`;
    const start = (of: string) => fieldsOf(root(of)).find(field => field.name === 'START')!;
    const set = withAttribute(text, start(text).element, 'value', typed);
    expect(start(set).value).toBe(typed);
    expect(set.length - text.length).toBe(encode(typed).length);
    expect(withAttribute(set, start(set).element, 'value', '')).toBe(text);
  });

  it('is put behind the last attribute, and taken out again', () => {
    const text = '<safe>\n  <service mode="mirror"/>\n</safe>\n';
    const set = withAttribute(text, find(root(text), 'service'), 'maxloop', '5');
    expect(set).toBe('<safe>\n  <service mode="mirror" maxloop="5"/>\n</safe>\n');
    expect(withAttribute(set, find(root(set), 'service'), 'maxloop', null)).toBe(text);
  });

  it('keeps single quotes around it', () => {
    const text = "<safe a='1'/>";
    expect(withAttribute(text, root(text), 'a', `it's "x"`)).toBe("<safe a='it&apos;s &quot;x&quot;'/>");
    expect(attributeOf(root("<safe a='it&apos;s &quot;x&quot;'/>"), 'a')!.value).toBe(`it's "x"`);
  });
});

describe('an element that is added', () => {
  it.each([
    ['to a closed one', '<safe>\n  <check/>\n</safe>', '<safe>\n  <check>\n    <ping/>\n  </check>\n</safe>'],
    ['to an empty one', '<safe>\n  <check></check>\n</safe>', '<safe>\n  <check>\n    <ping/>\n  </check>\n</safe>'],
    ['behind others', '<safe>\n  <check>\n    <tcp/>\n  </check>\n</safe>', '<safe>\n  <check>\n    <tcp/>\n    <ping/>\n  </check>\n</safe>'],
  ])('%s stands on a line of its own, and goes without a trace', (_, before, after) => {
    expect(withChild(before, find(root(before), 'check'), '<ping/>')).toBe(after);
    const without = withoutElement(after, find(root(after), 'check', 'ping'));
    expect(find(root(without), 'check').children.map(child => child.name)).toEqual(find(root(before), 'check').children.map(child => child.name));
    expect(without).not.toMatch(/\n\s*\n/);
  });

  it('keeps every comment of a template', () => {
    const text = template('kvm');
    const check = find(root(text), 'service', 'check');
    const added = withChild(text, check, '<ping ident="gw"><to addr="192.0.2.1"/></ping>', check.children[0]!);
    expect(added.replace('\n      <ping ident="gw"><to addr="192.0.2.1"/></ping>', '')).toBe(text);
  });
});

describe('a mistake', () => {
  it.each([
    ['<safe>\n<service>\n</safe>', 3, '</safe> stands where </service> is awaited: <service> was opened in line 2.'],
    ['<safe>\n<service mode="mirror>\n<rfs async="none"/></service></safe>', 2, 'In the value of mode stands <: a quote is missing before it, or write &lt;.'],
    ['<safe>\n<service mode=mirror/></safe>', 2, 'The value of mode must stand in quotes.'],
    ['<safe>\n\n<service', 3, 'The tag <service does not end: > is missing.'],
    ['<safe>', 1, '<safe> is not closed: </safe> is missing.'],
    ['<safe/>\n<safe/>', 2, 'There is a second element beside <safe>: a file has one.'],
    ['<safe a="1"b="2"/>', 1, 'A blank is missing before the next attribute.'],
    ['<safe a="1" a="2"/>', 1, '<safe> has the attribute a twice.'],
    ['<safe>\n<!-- x\n</safe>', 2, 'The comment that begins here does not end: --> is missing.'],
    ['', 1, 'There is no element.'],
  ])('%j is named with its line', (text, line, sentence) => {
    expect(readXml(text)).toMatchObject({ root: null, fault: { line, text: sentence } });
  });

  it('that a node names is shown at its setting, else at its element', () => {
    const text = '<safe>\n  <service mode="mirror"\n           maxloop="many">\n    <rfs/>\n  </service>\n</safe>';
    const at = (line: number, column: number) => [...placeFaults(text, root(text), [{ node: 'n1', file: 'conf/userconfig.xml', line, column, text: 'wrong' }]).keys()][0];
    const service = find(root(text), 'service');
    expect(at(3, 12)).toBe(`${service.start}/maxloop`);
    expect(at(2, 4)).toBe(`${service.start}`);
    expect(at(4, 0)).toBe(`${service.start}`);
    expect(at(4, 6)).toBe(`${find(service, 'rfs').start}`);
    expect(offsetOf(text, 99, 1)).toBe(text.length);
  });
});
