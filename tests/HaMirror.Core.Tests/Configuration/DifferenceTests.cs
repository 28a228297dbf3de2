using System.Collections.Immutable;
using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class DifferenceTests
{
    private static readonly ImmutableDictionary<string, string> NoVariables = ImmutableDictionary<string, string>.Empty;

    [Fact]
    public void Same_InOtherWords_DiffersInNothing()
    {
        Assert.Empty(Between(
            "<service mode=\"mirror\" failover=\"yes\" boot_delay=\"60\"><heart/><rfs><replicated dir=\"/srv/a\"/></rfs></service>",
            "<!-- said otherwise --><macro name=\"D\" value=\"/srv/a\"/><service mode=\"mirror\" boot_delay=\"1m\" maxloop=\"3\"><rfs locktimeout=\"3000ms\"><replicated dir=\"%D%\"/></rfs><check/></service>"));
    }

    [Fact]
    public void Setting_ThatDiffers_IsNamedWithItsElementsAndLine()
    {
        var change = Assert.Single(Between(
            "<service mode=\"mirror\"><check><tcp ident=\"db\"><to addr=\"127.0.0.1\" port=\"5432\"/></tcp></check></service>",
            "\n<service mode=\"mirror\"><check>\n<tcp ident=\"db\"><to addr=\"127.0.0.1\" port=\"5433\"/></tcp></check></service>"));
        Assert.Equal(new SettingChange("service/check/tcp[db]/to port", "5432", "5433", 3), change);
        Assert.True(LiveSettings.Of(change.Setting).WhileRunning);
    }

    [Fact]
    public void Element_ThatIsNewOrGone_IsNamed()
    {
        var changes = Between(
            "<service mode=\"mirror\"><user><var name=\"A\" value=\"1\"/></user></service>",
            "<service mode=\"mirror\"><user><var name=\"B\" value=\"1\"/></user></service>");
        Assert.Contains(changes, change => change is { Setting: "service/user/var[A]", After: null, Line: 0 });
        Assert.Contains(changes, change => change is { Setting: "service/user/var[B]", Before: null, Line: > 0 });
        Assert.All(changes, change => Assert.True(LiveSettings.Of(change.Setting).WhileRunning, change.Setting));
    }

    [Fact]
    public void File_ThatIsRefused_DiffersInNothing() =>
        Assert.Empty(Between("<service mode=\"mirror\"/>", "<service mode=\"mirror\" nonsense=\"1\"/>"));

    [Theory]
    [InlineData("service failover", true)]
    [InlineData("service maxloop", true)]
    [InlineData("service/rfs reiallowedbw", true)]
    [InlineData("service/check/splitbrain[witness] arg", true)]
    [InlineData("service/user nicestoptimeout", true)]
    [InlineData("service/failover handle_time", true)]
    [InlineData("service/heart pulse", true)]
    [InlineData("service/heart/heartbeat[repl] pulse", true)]
    [InlineData("service/rfs locktimeout", true)]
    [InlineData("service/rfs sendtimeout", true)]
    [InlineData("service/rfs checktime", true)]
    [InlineData("service/rfs checkintv", true)]
    [InlineData("service/rfs nbrei", false)]
    [InlineData("service/rfs hotareas", false)]
    [InlineData("service/rfs divergence", false)]
    [InlineData("service/heart/heartbeat[repl] timeout", false)]
    [InlineData("service defaultprim", false)]
    [InlineData("service mode", false)]
    [InlineData("service/heart timeout", false)]
    [InlineData("service/rfs", false)]
    [InlineData("service/rfs async", false)]
    [InlineData("service/rfs/replicated[/srv/check a]", false)]
    [InlineData("service/rfs/replicated[x]/notreplicated[service/check] path", false)]
    [InlineData("service/user", false)]
    public void Setting_ChangesWhileTheModuleRuns_OrNot(string setting, bool running) => Assert.Equal(running, LiveSettings.Of(setting).WhileRunning);

    /// <summary>Whoever may not change a setting while the module runs is told why, in the manual.</summary>
    [Fact]
    public void Setting_ThatNeedsAStop_HasAReason()
    {
        var missing = new List<string>();
        Look(ModuleVocabulary.Root.Children.Single(child => child.Name == "service"), "service");
        Assert.Equal([], missing);

        void Look(KnownElement element, string path)
        {
            missing.AddRange(element.Attributes.Where(row => row.Standing == Standing.Used).Select(row => $"{path} {row.Name}")
                .Where(setting => !LiveSettings.Of(setting).WhileRunning && LiveSettings.WhyFixed(setting) is null));
            foreach (var child in element.Children.Where(child => child.Standing == Standing.Used)) Look(child, $"{path}/{child.Name}");
        }
    }

    [Fact]
    public void Field_SetToAnyText_IsReadBackAsThatText()
    {
        const string text = """
            <safe>
              <!-- Where it lies. -->
              <macro name="PLACE" value="/srv"/>
              <service mode="mirror"><user>
                <var name="PLACE2" value="%PLACE%"/>
                <var name="START" value=""/>
              </user></service>
            </safe>
            """;
        Assert.Equal([("PLACE", "macro", "Where it lies."), ("START", "var", null)], ConfigurationFields.Of(text).Select(field => (field.Name, field.Kind, field.Meaning)));
        foreach (var value in new[] { "a b", "\"/><evil/>", "<!-- -->", "$1 ${x} %NAME%", "&amp;", "ü\t'" })
        {
            var changed = ConfigurationFields.Set(text, new Dictionary<string, string> { ["START"] = value }, out var unknown);
            Assert.Empty(unknown);
            Assert.Equal(value.Replace('\t', ' '), value.Contains("%NAME%") ? value : ConfigurationFields.Of(changed).First(field => field.Name == "START").Value.Replace('\t', ' '));
            Assert.DoesNotContain("<evil", changed);
        }

        ConfigurationFields.Set(text, new Dictionary<string, string> { ["PLACE2"] = "x", ["NONE"] = "y" }, out var missing);
        Assert.Equal("PLACE2 NONE", string.Join(" ", missing));
    }

    private static ImmutableArray<SettingChange> Between(string before, string after) =>
        ConfigurationDifference.Of($"<safe>{before}</safe>", $"<safe>{after}</safe>", "m1", NoVariables);
}
