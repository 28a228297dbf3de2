using System.Diagnostics;
using FsCheck.Xunit;
using HaMirror.Core.Configuration;
using static HaMirror.Core.Tests.Configuration.ModuleFiles;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ModuleXmlRefusalTests
{
    [Theory]
    [InlineData("<hart/>", "2:2: unknown element \"hart\" in \"service\"; did you mean \"heart\"?")]
    [InlineData("<heart puls=\"1\"/>", "2:8: unknown attribute \"puls\" of \"heart\"; did you mean \"pulse\"?")]
    [InlineData("<heart pulse=\"1us\"/>", "2:8: attribute \"pulse\" of \"heart\": \"1us\" rounds to zero")]
    [InlineData("<heart pulse=\"1000\" timeout=\"2000\"/>", "2:21: the time-out of heartbeats")]
    [InlineData("<heart/>\n<heart/>", "3:2: a second element \"heart\"")]
    [InlineData("<heart><heartbeat name=\"a\"/><heartbeat name=\"a\"/></heart>", "two heartbeats have the ident \"a\"")]
    [InlineData("<rfs/>", "needs an element \"replicated\"")]
    [InlineData("<rfs asinc=\"none\"><replicated dir=\"/a/b\"/></rfs>", "did you mean \"async\"?")]
    [InlineData("<rfs async=\"first\"><replicated dir=\"/a/b\"/></rfs>", "2:6: attribute \"async\" of \"rfs\": \"first\" is not known here; known here: second, none")]
    [InlineData("<rfs nbrei=\"0\"><replicated dir=\"/a/b\"/></rfs>", "\"0\" is no whole number from 1 to 64")]
    [InlineData("<rfs encryption=\"maybe\"><replicated dir=\"/a/b\"/></rfs>", "\"maybe\" is neither \"on\" nor \"off\"")]
    [InlineData("<rfs><replicated/></rfs>", "needs the attribute \"dir\"")]
    [InlineData("<rfs><replicated dir=\"\"/></rfs>", "it is empty")]
    [InlineData("<rfs><replicated dir=\"vm\"/></rfs>", "is not absolute")]
    [InlineData("<rfs><replicated dir=\"/vm/../etc\"/></rfs>", "write it out")]
    [InlineData("<rfs><replicated dir=\"/var//lib/\"/></rfs>", "belongs to the system")]
    [InlineData("<rfs><replicated dir=\"/\"/></rfs>", "belongs to the system")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"/><replicated dir=\"/vm/a/\"/></rfs>", "is replicated twice")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"/><replicated dir=\"/vm/a/b\"/></rfs>", "lie in each other")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"><notreplicated/></replicated></rfs>", "exactly one of the attributes")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"><notreplicated path=\"/x\"/></replicated></rfs>", "is absolute")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"><notreplicated path=\"../x\"/></replicated></rfs>", "leaves the replicated directory")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"><notreplicated regexpath=\"[a\"/></replicated></rfs>", "a bracket is not closed")]
    [InlineData("<rfs><replicated dir=\"/vm/a\"><tocheck path=\".\"/></replicated></rfs>", "the replicated directory itself")]
    [InlineData("<rfs><replicated dir=\"/vm/%NOPE%\"/></rfs>", "no environment variable is named \"NOPE\"")]
    [InlineData("<user><var name=\"1x\" value=\"\"/></user>", "no name of a variable")]
    [InlineData("<user><var name=\"SAFEVAR\" value=\"\"/></user>", "set by HaMirror itself")]
    [InlineData("<user><var name=\"A\"/><var name=\"A\"/></user>", "defined twice")]
    [InlineData("<user nicestoptimeout=\"0\"/>", "must be more than zero")]
    [InlineData("<user>text</user>", "2:7: element \"user\" has no text")]
    [InlineData("<errd><proc name=\"a\"/></errd>", "element \"errd\" needs an element \"user\"")]
    [InlineData("<user/><errd><proc name=\"a\" atleast=\"3\" atmax=\"2\"/></errd>", "\"atmax\" 2 is below")]
    [InlineData("<user/><errd><proc name=\"a\"/><proc name=\"a\"/></errd>", "is watched twice")]
    [InlineData("<check><custom ident=\"a\" exec=\"b\"/></check>", "needs an element \"user\"")]
    [InlineData("<user/><check><custom ident=\"a\" exec=\"../b\"/></check>", "is a path")]
    [InlineData("<user/><check><custom ident=\"a\" exec=\"b\" when=\"primm\"/></check>", "did you mean \"prim\"?")]
    [InlineData("<check><tcp ident=\"a\"/></check>", "needs an element \"to\"")]
    [InlineData("<check><tcp ident=\"a\"><to addr=\"x\" port=\"70000\"/></tcp></check>", "no whole number from 1 to 65535")]
    [InlineData("<check><tcp ident=\"a b\"><to addr=\"x\" port=\"7\"/></tcp></check>", "is no ident")]
    [InlineData("<check><ping ident=\"a\"><to addr=\"10.0.0.300\"/></ping></check>", "no IPv4 address")]
    [InlineData("<check><ping ident=\"a\"><to addr=\"a\"/></ping><ping ident=\"a\"><to addr=\"b\"/></ping></check>", "two checkers set the resource")]
    [InlineData("<check><splitbrain/></check>", "needs the attribute \"arg\"")]
    [InlineData("<check><splitbrain arg=\"a\"/><splitbrain arg=\"b\"/></check>", "a second element \"splitbrain\"")]
    [InlineData("<check><splitbrain arg=\"not_an!address\"/></check>", "neither an address nor a host name")]
    [InlineData("<failover>nonsense here</failover>", "is no failover rule")]
    [InlineData("<x:heart xmlns:x=\"u\"/>", "unknown element \"heart\"")]
    public void Service_WrongInside_IsRefusedAtItsPlace(string inner, string message) =>
        Assert.Contains(message, Refusal(ParseService(inner)).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "1:1: the file is empty")]
    [InlineData("   \n", "1:1: the file is empty")]
    [InlineData("<safe>", "not well-formed XML")]
    [InlineData("<safe/>", "1:2: element \"safe\" needs an element \"service\"")]
    [InlineData("<cluster/>", "the root of a module's configuration is \"safe\"")]
    [InlineData("<safe>\n<service/></safe>", "2:2: element \"service\" needs the attribute \"mode\"")]
    [InlineData("<safe><service mode=\"farm\"/></safe>", "1:16: mode \"farm\" is not supported")]
    [InlineData("<safe><macro name=\"a b\" value=\"\"/><service mode=\"mirror\"/></safe>", "is no name of a macro")]
    [InlineData("<safe><macro name=\"A\"/><macro name=\"A\"/><service mode=\"mirror\"/></safe>", "defined twice")]
    [InlineData("<safe><macro name=\"VM_NAME\" value=\"a\"/><service mode=\"mirror\"><user><var name=\"N\" value=\"%VM_NAEM%\"/></user></service></safe>", "did you mean \"VM_NAME\"?")]
    [InlineData("<safe><service mode=\"mirror\" mode=\"mirror\"/></safe>", "not well-formed XML")]
    [InlineData("<safe><service mode=\"mirror\">&xxe;</service></safe>", "not well-formed XML")]
    public void File_Wrong_IsRefused(string text, string message) =>
        Assert.Contains(message, Refusal(Parse(text)).ToString(), StringComparison.Ordinal);

    [Fact]
    public void File_ManyMistakes_AreAllNamedInOrder()
    {
        var parsed = ParseService("<hart/>\n<user nicestoptimeout=\"x\"/>\n<chek/>");
        Assert.Equal([2, 3, 4], parsed.Errors.Select(error => error.Line));
    }

    [Fact]
    public void ModuleName_Wrong_IsRefused()
    {
        Assert.Contains("no name of a module", Refusal(ModuleXml.Parse(NewKvm, "f", "../x", NoEnvironment)).Text, StringComparison.Ordinal);
        Assert.Contains("1 to 64 characters", Refusal(ModuleXml.Parse(NewKvm, "f", "", NoEnvironment)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_BillionLaughs_IsRefusedAtTheBracket()
    {
        var error = Refusal(Parse("""
            <?xml version="1.0"?><!-- x [ -->
            <!DOCTYPE safe [ <!ENTITY a "aaaaaaaaaa"> <!ENTITY b "&a;&a;&a;&a;&a;"> ]>
            <safe><service mode="mirror">&b;</service></safe>
            """));
        Assert.Equal((2, 16), (error.Line, error.Column));
        Assert.Contains("entities are not supported", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_ExternalEntity_IsNeverOpened()
    {
        var secret = Path.GetTempFileName();
        try
        {
            File.WriteAllText(secret, "SECRET");
            var declared = Parse($"<!DOCTYPE safe [<!ENTITY x SYSTEM \"file://{secret}\">]><safe><service mode=\"&x;\"/></safe>");
            Assert.DoesNotContain("SECRET", Refusal(declared).ToString(), StringComparison.Ordinal);

            // An external subset is named but not read: the document is judged without it.
            Assert.True(Parse($"<!DOCTYPE safe SYSTEM \"file://{secret}\"><safe><service mode=\"mirror\"/></safe>").Succeeded);
            Assert.True(Parse("<!DOCTYPE safe SYSTEM \"file:///does/not/exist[.dtd\"><safe><service mode=\"mirror\"/></safe>").Succeeded);
        }
        finally
        {
            File.Delete(secret);
        }
    }

    [Fact]
    public void Hostile_TenMegabytes_IsRefusedAtOnce()
    {
        var text = "<safe><service mode=\"mirror\">" + new string(' ', 10_000_000) + "</service></safe>";
        var watch = Stopwatch.StartNew();
        Assert.Contains("at most 1048576", Refusal(Parse(text)).Text, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Fact]
    public void Hostile_DeepNesting_IsRefused()
    {
        var text = string.Concat(Enumerable.Repeat("<safe>", 100_000));
        Assert.Contains("nested more than 32 deep", Refusal(Parse(text)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_Nul_IsRefused() =>
        Assert.Contains("not well-formed XML", Refusal(Parse("<safe><service mode=\"mir\0ror\"/></safe>")).Text, StringComparison.Ordinal);

    [Fact]
    public void Hostile_MacroPowers_AreBounded()
    {
        var macros = "<macro name=\"M0\" value=\"xxxxxxxxxx\"/>" + string.Concat(Enumerable.Range(1, 30).Select(level =>
            $"<macro name=\"M{level}\" value=\"{string.Concat(Enumerable.Repeat($"%M{level - 1}%", 10))}\"/>"));
        var parsed = Parse($"<safe>{macros}<service mode=\"mirror\"/></safe>");
        Assert.Contains(parsed.Errors, error => error.Text.Contains("longer than 32768 characters", StringComparison.Ordinal));
    }

    [Fact]
    public void ByteOrderMark_AndWindowsLines_AreAccepted() =>
        Assert.True(Parse("\uFEFF" + NewKvm.Replace("\n", "\r\n", StringComparison.Ordinal)).Succeeded);

    [Property(MaxTest = 300)]
    public bool File_AnyText_NeverThrows(string? text) => !Parse(text ?? "").Succeeded;

    /// <summary>A good file cut anywhere, or with one character changed, is read or refused, never thrown.</summary>
    [Property(MaxTest = 500)]
    public bool File_CutAndFlipped_NeverThrows(ushort cut, ushort flip, char letter)
    {
        var text = NewKvm.ToCharArray();
        text[flip % text.Length] = letter;
        var changed = Parse(new string(text));
        var cutOff = Parse(NewKvm[..(cut % NewKvm.Length)]);
        return changed.Succeeded == changed.Errors.IsEmpty && !cutOff.Succeeded;
    }
}
