using HaMirror.Core.Machine;

namespace HaMirror.Core.Generations;

/// <summary>What two nodes are to each other. Every case carries a sentence that says what was decided, why, and what an
/// operator can do if he wants it otherwise.</summary>
public abstract record ConnectionDecision(string Sentence)
{
    /// <summary>This node's data is right; the peer becomes equal to it.</summary>
    public sealed record Source(ResyncPlan Plan, string Sentence) : ConnectionDecision(Sentence);

    /// <summary>The peer's data is right.</summary>
    public sealed record Target(ResyncPlan Plan, string Sentence) : ConnectionDecision(Sentence);

    /// <summary>Neither can be shown to hold the newest data: an operator has to say.</summary>
    public sealed record Wait(string Sentence) : ConnectionDecision(Sentence);

    /// <summary>Both went on after they had parted. Nothing is copied until an operator gives one side up.</summary>
    /// <param name="KeepsMine">This node is the one to go on (it serves, or it was primary before the separation).</param>
    public sealed record Diverged(bool KeepsMine, string Sentence) : ConnectionDecision(Sentence);

    /// <summary>The two replicas have nothing in common.</summary>
    public sealed record Refuse(string Sentence) : ConnectionDecision(Sentence);
}
