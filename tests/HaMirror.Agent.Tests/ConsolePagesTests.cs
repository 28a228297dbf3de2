using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using HaMirror.Agent.Web;

namespace HaMirror.Agent.Tests;

/// <summary>What the agent carries of the console, and which of it answers which path.</summary>
public sealed partial class ConsolePagesTests
{
    /// <summary>All that a browser loads to show the first page.</summary>
    private const int FirstLoadBytesMax = 300_000;

    private static ConsoleFile Index => ConsoleFiles.All[ConsoleFiles.Index];

    private static string[] NamedByIndex => [.. Named().Matches(Encoding.UTF8.GetString(Index.Plain)).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Index_FilesThatItNames_AreAllThere()
    {
        Assert.Contains(NamedByIndex, name => name.EndsWith(".js", StringComparison.Ordinal) && name.StartsWith("assets/", StringComparison.Ordinal));
        Assert.Contains(NamedByIndex, name => name.EndsWith(".css", StringComparison.Ordinal));
        Assert.All(NamedByIndex, name => Assert.True(ConsoleFiles.All.ContainsKey(name), name));
    }

    [Fact]
    public void FirstLoad_Compressed_IsBelow300Kilobytes()
    {
        var bytes = NamedByIndex.Append(ConsoleFiles.Index).Sum(name => ConsolePages.Choose(ConsoleFiles.All[name], "gzip").Content.Length);
        Assert.InRange(bytes, 50_000, FirstLoadBytesMax);
    }

    /// <summary>The content security policy refuses all of these.</summary>
    [Fact]
    public void Index_HoldsNoScriptNorStyleOfItsOwn_AndNothingFromElsewhere()
    {
        var page = Encoding.UTF8.GetString(Index.Plain);
        Assert.DoesNotMatch(@"<script(?![^>]*\bsrc=)", page);
        Assert.DoesNotMatch(@"<style|\bstyle=|\bon\w+=", page);
        Assert.DoesNotMatch(@"(src|href)=""(https?:)?//", page);
    }

    [Fact]
    public void Compressed_OfEachFile_IsTheSameContent()
    {
        Assert.All(ConsoleFiles.All.Where(file => file.Key.StartsWith("assets/", StringComparison.Ordinal) && file.Value.Plain.Length > 1000), file =>
        {
            Assert.Equal(file.Value.Plain, Read(new BrotliStream(new MemoryStream(file.Value.Brotli!), CompressionMode.Decompress)));
            Assert.Equal(file.Value.Plain, Read(new GZipStream(new MemoryStream(file.Value.Gzip!), CompressionMode.Decompress)));
            Assert.True(file.Value.Brotli!.Length < file.Value.Plain.Length);
        });
    }

    [Theory]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("GZIP", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("identity", null)]
    [InlineData("", null)]
    [InlineData(";;;", null)]
    public void Encoding_IsOneThatTheBrowserTakes(string accepted, string? encoding) =>
        Assert.Equal(encoding, ConsolePages.Choose(Index, accepted).Encoding);

    [Theory]
    [InlineData("/", true)]
    [InlineData("/modules/vm1", true)]
    [InlineData("/log", true)]
    [InlineData("/assets/none.js", false)]
    [InlineData("/../../etc/passwd.txt", false)]
    [InlineData("/v1", false)]
    [InlineData("/v1/nothing", false)]
    [InlineData("/health/nothing", false)]
    public void Path_OfAPage_GetsTheIndex_AndNothingElseDoes(string path, bool page) =>
        Assert.Equal(page ? Index : null, ConsolePages.Find(path));

    [Fact]
    public void Lasting_IsWhatHasAHashInItsName_Only()
    {
        Assert.False(Index.Lasting);
        Assert.False(ConsoleFiles.All["theme.js"].Lasting);
        Assert.All(ConsoleFiles.All.Where(file => file.Value.Lasting), file => Assert.Matches(@"^assets/[^/]+-[A-Za-z0-9_-]{8}\.\w+$", file.Key));
        Assert.Equal(ConsoleFiles.All.Count, ConsoleFiles.All.Values.Select(file => file.Tag).Distinct().Count());
    }

    private static byte[] Read(Stream stream)
    {
        using (stream)
        {
            var content = new MemoryStream();
            stream.CopyTo(content);
            return content.ToArray();
        }
    }

    [GeneratedRegex("(?:src|href)=\"/([^\"]+)\"")]
    private static partial Regex Named();
}
