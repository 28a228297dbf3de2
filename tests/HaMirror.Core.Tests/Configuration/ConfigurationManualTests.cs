using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class ConfigurationManualTests
{
    /// <summary>HAMIRROR_WRITE_DOCS=1 writes the page instead of comparing it.</summary>
    [Fact]
    public void Manual_OfTheVocabulary_IsThePageInDocs()
    {
        var page = Path.Combine(Repository.Root, "docs", "configuration.md");
        if (Environment.GetEnvironmentVariable("HAMIRROR_WRITE_DOCS") == "1")
        {
            File.WriteAllText(page, ConfigurationManual.Text());
        }

        Assert.Equal(ConfigurationManual.Text(), File.ReadAllText(page));
    }

    private static IEnumerable<KnownElement> Everything =>
        new[] { ModuleVocabulary.Root, ClusterVocabulary.Root, ConsoleConfiguration.Vocabulary, NotifyConfiguration.Vocabulary }.SelectMany(All);

    public static TheoryData<string> Elements => [.. Everything.Select(element => element.Name)];

    [Theory]
    [MemberData(nameof(Elements))]
    public void Vocabulary_EveryDefault_IsAValueThatWouldBeAccepted(string name)
    {
        foreach (var element in Everything.Where(element => element.Name == name))
        {
            Assert.Equal(element.Attributes.Length, element.Attributes.Select(row => row.Name).Distinct().Count());
            foreach (var row in element.Attributes.Where(row => row.Default is not null))
            {
                switch (row.Kind)
                {
                    case ValueKind.Duration:
                        Assert.True(TimeUnits.TryParse(row.Default!, row.Unit, row.ZeroAllowed, out _, out var refusal), $"{name}.{row.Name} {refusal}");
                        break;
                    case ValueKind.Choice:
                        Assert.Contains(row.Default!, row.Choices.AsEnumerable());
                        break;
                    case ValueKind.Whole:
                        Assert.InRange(long.Parse(row.Default!, System.Globalization.CultureInfo.InvariantCulture), row.Least, row.Most);
                        break;
                    case ValueKind.OnOff:
                        Assert.True(row.Default is "on" or "off");
                        break;
                    default:
                        Assert.False(row.Required, $"{name}.{row.Name} is required and has a default");
                        break;
                }
            }
        }
    }

    private static IEnumerable<KnownElement> All(KnownElement element) => element.Children.SelectMany(All).Prepend(element);
}
