using System.Collections.Immutable;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;

namespace HaMirror.Agent.Api;

/// <summary>What may stand in a module's XML, for the API.</summary>
internal static class Vocabulary
{
    public static readonly ElementStatus Root = Of(ModuleVocabulary.Root, "");

    private static ElementStatus Of(KnownElement element, string above)
    {
        var path = element == ModuleVocabulary.Root ? "" : above.Length == 0 ? element.Name : $"{above}/{element.Name}";
        return new ElementStatus(
            element.Name, element.Meaning, element.Standing.ToString(), element.Many, element.Required,
            [.. element.Attributes.Select(row => Of(row, path))], [.. element.Children.Select(child => Of(child, path))]);
    }

    private static AttributeStatus Of(KnownAttribute row, string path) => new(
        row.Name, row.Kind.ToString(), row.Default, row.Meaning, row.Standing.ToString(), row.Required,
        row.Kind == ValueKind.Duration ? row.Unit.Suffix() : null, row.Kind == ValueKind.Whole ? row.Least : null, row.Kind == ValueKind.Whole ? row.Most : null,
        row.Choices.IsDefault ? [] : row.Choices, LiveSettings.Of($"{path} {row.Name}").WhileRunning);
}
