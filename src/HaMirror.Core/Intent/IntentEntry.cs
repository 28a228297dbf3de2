namespace HaMirror.Core.Intent;

/// <summary>What one entry of a transaction says.</summary>
public enum IntentEntryKind : byte
{
    /// <summary>Ends the entries of a block.</summary>
    None = 0,

    /// <summary>The area is hot from here on.</summary>
    Hot = 1,

    /// <summary>The area is cold, and nothing was left to say of it.</summary>
    Cold = 2,

    /// <summary>The area is cold; a list of its extents is dirty.</summary>
    ColdList = 3,

    /// <summary>The area is cold; a map of its extents is dirty.</summary>
    ColdMap = 4,

    /// <summary>It is cold, and all of it is dirty.</summary>
    ColdWhole = 5,

    /// <summary>All of it is dirty; what is hot stays as it is.</summary>
    Dirty = 6,
}
