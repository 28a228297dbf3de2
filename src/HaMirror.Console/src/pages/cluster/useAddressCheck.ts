// An address is looked at as it is typed, from both nodes: the node that is to have it says whether it does, the other one whether it
// reaches it there. What each finds is the agents' word; the page only puts the two together.
import { useEffect, useState } from 'react';
import type { AddressCheck, AddressKind } from '../../api/cluster';
import { api } from '../../api/client';
import { Problem } from '../../api/problem';

const typingMilliseconds = 400;

/** empty: nothing to look at. warn: it can be used, and something speaks against it. */
export interface Finding { tone: 'empty' | 'busy' | 'good' | 'warn' | 'bad'; text: string; own: readonly string[] }

export const nothing: Finding = { tone: 'empty', text: '', own: [] };

/** One question: to which node, and as what the address is looked at there. */
export interface Question { node: string; kind: AddressKind }

export interface Answer { question: Question; check: AddressCheck | null; problem: Problem | null }

/** What the answers mean together. */
export function judge(answers: readonly Answer[]): Finding {
  const own = answers.find(answer => answer.question.kind === 'own')?.check?.own ?? []; // To choose from: those of the node that is to have it.
  const bad = answers.find(answer => answer.check && (!answer.check.valid || answer.check.ofPeer === false));
  if (bad?.check) return { tone: 'bad', text: bad.check.text, own };
  const silent = answers.find(answer => answer.problem);
  if (silent?.problem) return { tone: 'warn', text: `${silent.question.node || 'This node'} cannot look at it: ${silent.problem.title}`, own };
  const unheard = answers.find(answer => answer.check?.answers === false);
  if (unheard?.check) return { tone: 'warn', text: `Seen from ${unheard.question.node || 'this node'}: ${unheard.check.text}`, own };
  const texts = answers.map(answer => answer.check?.text ?? '');
  return { tone: 'good', text: answers.length > 1 && answers.every(answer => answer.question.kind === 'witness') ? `Both nodes reach it.` : texts.at(-1) ?? '', own };
}

export function useAddressCheck(address: string, questions: readonly Question[]): Finding {
  const [finding, setFinding] = useState<{ of: string; finding: Finding }>({ of: '', finding: nothing });
  const text = address.trim();
  const asked = questions.map(question => `${question.kind}@${question.node}`).join(' ');
  const key = `${text} ${asked}`;
  useEffect(() => {
    if (text === '' || asked === '') return;
    const end = new AbortController();
    const timer = setTimeout(() => {
      const look = asked.split(' ').map(async (word): Promise<Answer> => {
        const question: Question = { kind: word.slice(0, word.indexOf('@')) as AddressKind, node: word.slice(word.indexOf('@') + 1) };
        try {
          return { question, check: await api.post<AddressCheck>('/v1/cluster/check', { address: text, kind: question.kind }, { node: question.node, signal: end.signal }), problem: null };
        } catch (error) {
          return { question, check: null, problem: Problem.of(error) };
        }
      });
      void Promise.all(look).then(answers => { if (!end.signal.aborted) setFinding({ of: key, finding: judge(answers) }); });
    }, typingMilliseconds);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [key, text, asked]);
  if (text === '' || asked === '') return nothing;
  return finding.of === key ? finding.finding : { tone: 'busy', text: 'Looking …', own: finding.finding.own };
}
