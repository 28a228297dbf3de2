import { Component, type ReactNode } from 'react';
import { ProblemNote } from '../components/ProblemNote';

/** A page that fails takes neither the frame nor the other pages with it. */
export class ErrorFence extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) { return { error }; }

  override render() { return this.state.error === null ? this.props.children : <ProblemNote problem={this.state.error} />; }
}
