namespace HaMirror.Simulator;

/// <summary>A write or a flush of the guest's on its way.</summary>
/// <param name="block">-1: a flush.</param>
/// <param name="value">The number of the write.</param>
/// <param name="plain">It is acknowledged without being durable.</param>
public sealed class SimulatedChange(int block, long value, bool plain)
{
    public int Block => block;

    public long Value => value;

    public bool Plain => plain;

    public bool IsFlush => block < 0;

    /// <summary>Plain writes that the flush covers.</summary>
    public long[] Covers { get; init; } = [];

    /// <summary>The link that it was sent through.</summary>
    public SimulatedLink? Link { get; set; }

    /// <summary>When it began, in microseconds.</summary>
    public long Since { get; set; }

    /// <summary>The local disk is busy with it.</summary>
    public bool OnDisk { get; set; }

    public bool LocalDone { get; set; }

    public bool PeerDone { get; set; }

    /// <summary>It was under way when a flush failed: a plain write is promised by nobody, another one has failed as well.</summary>
    public bool Doubtful { get; set; }

    /// <summary>Its answer is an error.</summary>
    public bool Failed { get; set; }
}
