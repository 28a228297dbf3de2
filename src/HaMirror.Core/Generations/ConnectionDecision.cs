using HaMirror.Core.Machine;

namespace HaMirror.Core.Generations;

/// <summary>What two nodes are to each other. Every case carries a sentence that says what was decided, why, and what an
/// operator can do if he wants it otherwise.</summary>
public abstract record ConnectionDecision(string Sentence)
{
    /// <summary>This node's data is right; the peer becomes equal to it.</summary>
    public sealed record Source(ResyncPlan Plan, string Sentence) : ConnectionDecision(Sentence)
    {
        /// <summary>The peer acknowledged writes that this node lacks, and saves them first.</summary>
        public bool Salvages { get; init; }
    }

    /// <summary>The peer's data is right.</summary>
    public sealed record Target(ResyncPlan Plan, string Sentence) : ConnectionDecision(Sentence)
    {
        /// <summary>This node acknowledged writes that the peer lacks: they are saved as a salvage set before they are replaced.</summary>
        public bool Salvages { get; init; }
    }

    /// <summary>Neither can be shown to hold the newest data: an operator has to say.</summary>
    public sealed record Wait(string Sentence) : ConnectionDecision(Sentence);

    /// <summary>Both went on after they had parted, and an operator is to decide (divergence="manual"), or the side that would be
    /// kept is not up to date. Nothing is copied until one side is given up.</summary>
    /// <param name="KeepsMine">This node is the one to go on (it serves, or it was primary before the separation).</param>
    public sealed record Diverged(bool KeepsMine, string Sentence) : ConnectionDecision(Sentence);

    /// <summary>The two replicas have nothing in common.</summary>
    public sealed record Refuse(string Sentence) : ConnectionDecision(Sentence);
}
