namespace HaMirror.Core.Wire;

/// <summary>In what way a replica differs from its source in a name.</summary>
public enum NameFindingKind : byte
{
    /// <summary>The replica lacks what the source has there.</summary>
    Missing = 1,

    /// <summary>The replica has what the source has not.</summary>
    Extra = 2,

    /// <summary>Both have it, and it differs.</summary>
    Differs = 3,
}

/// <summary>A difference of names or attributes that the target has found in one directory.</summary>
/// <param name="Name">In the directory; empty for the directory itself.</param>
/// <param name="Kind">What follows from it.</param>
/// <param name="What">How its replica differs, as the rest of a sentence that begins with the path.</param>
public sealed record NameFinding(string Name, NameFindingKind Kind, string What);

/// <summary>The payload of VerifyResult: for each finding 2+n name, 1 kind, 2+n what. More than fit are left out: whoever repairs the
/// directory repairs all of it.</summary>
public static class NameFindingCodec
{
    /// <summary>So many tell an operator enough of one directory.</summary>
    public const int CountMax = 256;

    private const int WhatBytesMax = 512;

    public static byte[] Write(IReadOnlyList<NameFinding> findings)
    {
        if (findings.Count == 0)
            return []; // as of nearly every directory
        var room = new byte[CountMax * (2 + WirePath.ComponentBytesMax + 1 + 2 + WhatBytesMax)];
        var writer = new WireWriter(room);
        foreach (var finding in findings.Take(CountMax))
        {
            writer.Text(finding.Name, WirePath.ComponentBytesMax);
            writer.Byte((byte)finding.Kind);
            writer.Text(finding.What, WhatBytesMax);
        }
        return writer.Overflowed ? [] : room[..writer.Count];
    }

    /// <returns>Null: a violation.</returns>
    public static List<NameFinding>? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var findings = new List<NameFinding>();
        while (!reader.Failed && reader.Left > 0)
            findings.Add(new NameFinding(reader.Text(WirePath.ComponentBytesMax), (NameFindingKind)reader.Byte(), reader.Text(WhatBytesMax)));
        return reader.IsWhole && findings.TrueForAll(finding => Enum.IsDefined(finding.Kind)) && findings.Count <= CountMax ? findings : null;
    }
}
