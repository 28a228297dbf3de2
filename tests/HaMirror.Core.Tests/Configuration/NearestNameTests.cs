using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("pulse", "pulse", 0)]
    [InlineData("Pulse", "pulse", 0)]
    [InlineData("puls", "pulse", 1)]
    [InlineData("plues", "pulse", 2)]
    [InlineData("uplse", "pulse", 1)]
    [InlineData("abc", "", 3)]
    public void Distance_TwoNames_CountsEdits(string left, string right, int distance) =>
        Assert.Equal(distance, NearestName.Distance(left, right));

    [Fact]
    public void Find_NothingNear_IsNull() => Assert.Null(NearestName.Find("completely", ["pulse", "timeout"]));

    [Fact]
    public void Find_HugeName_IsBounded() => Assert.Null(NearestName.Find(new string('x', 1_000_000), ["pulse"]));
}
