using HaMirror.Core.Tests.Configuration;

namespace HaMirror.Core.Tests.Machine;

public sealed class StatesPageTests
{
    /// <summary>HAMIRROR_WRITE_DOCS=1 writes the page instead of comparing it.</summary>
    [Fact]
    public void StatesPage_OfTheTables_IsThePageInDocs()
    {
        var page = Path.Combine(Repository.Root, "docs", "states.md");
        if (Environment.GetEnvironmentVariable("HAMIRROR_WRITE_DOCS") == "1") File.WriteAllText(page, StatesPage.Text());
        Assert.Equal(StatesPage.Text(), File.ReadAllText(page));
    }
}
