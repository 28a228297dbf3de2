using System.Net;
using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ConsoleConfigurationTests
{
    [Fact]
    public void Console_WithoutAFile_IsClosedButForHealth()
    {
        var console = ConsoleConfiguration.Default;
        Assert.True(console is { Enabled: true, Port: 9010, PlainLoopback: true, OpenMetrics: false, OpenHealth: true });
        Assert.Empty(console.Listen);
        Assert.Equal(TimeSpan.FromHours(8), console.Session);
    }

    [Fact]
    public void Console_WithEverything_IsRead()
    {
        var console = ConsoleConfiguration.Parse(
            """<console port="9999" listen="10.0.0.1 [fd00::1]" loopback="https" metrics="open" health="key" session="15m"/>""", "console.xml").Value!;
        Assert.Equal([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("fd00::1")], console.Listen.AsEnumerable());
        Assert.True(console is { Port: 9999, PlainLoopback: false, OpenMetrics: true, OpenHealth: false });
    }

    [Theory]
    [InlineData("<console port=\"0\"/>", "port")]
    [InlineData("<console listen=\"here\"/>", "here")]
    [InlineData("<console passwords=\"none\"/>", "passwords")]
    [InlineData("<cluster/>", "console")]
    [InlineData("<!DOCTYPE console [<!ENTITY x SYSTEM \"file:///etc/shadow\">]><console listen=\"&x;\"/>", "")]
    [InlineData("no xml", "")]
    public void Console_WrongFile_IsRefusedWithItsPlace(string text, string named)
    {
        var parsed = ConsoleConfiguration.Parse(text, "console.xml");
        Assert.False(parsed.Succeeded);
        Assert.Contains(named, parsed.Errors[0].ToString());
        Assert.StartsWith("console.xml", parsed.Errors[0].ToString());
    }

    [Fact]
    public void Notify_WithEverything_IsRead()
    {
        var notify = NotifyConfiguration.Parse("""
            <notify group="2s" level="critical" states="off">
              <mail server="m" from="a@b" to="c@d, e@f"/>
              <webhook url="https://h/x?y=%41"/>
              <command path="/bin/true" timeout="5s"/>
            </notify>
            """, "notify.xml").Value!;
        Assert.True(notify is { Level: "critical", States: false });
        Assert.Equal(TimeSpan.FromSeconds(2), notify.Group);
        Assert.Equal(["c@d", "e@f"], Assert.Single(notify.Mails).To.AsEnumerable());
        Assert.Equal(("starttls", 587), (notify.Mails[0].Security, notify.Mails[0].Port));
        Assert.Equal("https://h/x?y=%41", Assert.Single(notify.Webhooks).Url.OriginalString);
        Assert.Equal(TimeSpan.FromSeconds(5), Assert.Single(notify.Commands).Timeout);
    }

    [Theory]
    [InlineData("<notify><mail server=\"m\"/></notify>", "from")]
    [InlineData("<notify><webhook url=\"file:///etc/shadow\"/></notify>", "http")]
    [InlineData("<notify><command path=\"page-me\"/></notify>", "absolute")]
    [InlineData("<notify><pager/></notify>", "pager")]
    public void Notify_WrongFile_IsRefused(string text, string named)
    {
        var parsed = NotifyConfiguration.Parse(text, "notify.xml");
        Assert.False(parsed.Succeeded);
        Assert.Contains(named, parsed.Errors[0].ToString());
    }
}
