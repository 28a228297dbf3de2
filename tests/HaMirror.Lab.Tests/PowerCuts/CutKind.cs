namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>What happens to a pair in one round.</summary>
internal enum CutKind
{
    /// <summary>The primary loses power.</summary>
    Primary,

    /// <summary>The standby loses power.</summary>
    Second,

    /// <summary>Both at once; either returns first.</summary>
    Both,

    /// <summary>The primary, then the one that took over; the old one returns first.</summary>
    PrimaryThenSecondOldFirst,

    /// <summary>The primary, then the one that took over; the newer one returns first.</summary>
    PrimaryThenSecondNewFirst,

    /// <summary>The standby, then the primary that went on alone; the old one returns first.</summary>
    SecondThenPrimaryOldFirst,

    /// <summary>The standby, then the primary that went on alone; the newer one returns first.</summary>
    SecondThenPrimaryNewFirst,

    /// <summary>The primary, while it updates the other.</summary>
    PrimaryInResync,

    /// <summary>The standby, while it is updated.</summary>
    SecondInResync,

    /// <summary>The standby, while it takes over.</summary>
    SecondInFailover,

    /// <summary>The primary's agent is killed.</summary>
    PrimaryAgent,

    /// <summary>The standby's agent is killed.</summary>
    SecondAgent,

    /// <summary>The primary's agent stops for longer than every time-out, and goes on.</summary>
    PrimaryHeld,

    /// <summary>The standby's agent likewise.</summary>
    SecondHeld,

    /// <summary>A node dies or stops at a named point of its agent.</summary>
    AtPoint,
}
