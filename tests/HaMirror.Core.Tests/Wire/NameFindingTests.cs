using HaMirror.Core.Wire;

namespace HaMirror.Core.Tests.Wire;

public sealed class NameFindingTests
{
    private static readonly NameFinding[] Findings =
    [
        new("gone", NameFindingKind.Missing, "is missing"),
        new("new", NameFindingKind.Extra, "does not exist on the primary"),
        new("", NameFindingKind.Differs, "is missing is what this text says, and it is not"),
    ];

    [Fact]
    public void Findings_WrittenAndRead_KeepTheirKindWhateverTheirTextSays() =>
        Assert.Equal(Findings, NameFindingCodec.Read(NameFindingCodec.Write(Findings)));

    [Fact]
    public void Findings_None_TakeNoByte()
    {
        Assert.Empty(NameFindingCodec.Write([]));
        Assert.Empty(NameFindingCodec.Read([])!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Findings_OfAnUnknownKind_AreAViolation(byte kind)
    {
        var payload = NameFindingCodec.Write([new NameFinding("a", NameFindingKind.Missing, "is missing")]);
        payload[3] = kind; // behind the length and the one byte of the name
        Assert.Null(NameFindingCodec.Read(payload));
    }

    [Fact]
    public void Findings_CutAnywhere_AreAViolation()
    {
        var payload = NameFindingCodec.Write(Findings);
        var ends = Enumerable.Range(1, 3).Select(count => NameFindingCodec.Write(Findings[..count]).Length).ToHashSet();
        for (var length = 1; length < payload.Length; length++)
            Assert.Equal(ends.Contains(length), NameFindingCodec.Read(payload.AsSpan(0, length)) is not null);
    }
}
