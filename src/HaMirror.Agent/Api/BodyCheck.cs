// What deserialising lets through and no request means: a member that must be there and is not, an element that is null, a NUL or half a
// character in a text. Looked at once for all requests, from the records' own annotations, so that no endpoint meets a null that its
// record excludes, and no path, log or file a character that it cannot hold.
using System.Collections;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Api;

/// <summary>Looks at a body after it was read.</summary>
internal static class BodyCheck
{
    private const string Remedy = "GET /v1/openapi.json shows what belongs there.";

    /// <exception cref="Refusal">400, with the member's name.</exception>
    public static void Refuse(object body, JsonTypeInfo type) => RefuseObject(body, type, "");

    private static void RefuseObject(object body, JsonTypeInfo type, string path)
    {
        foreach (var property in type.Properties)
        {
            if (property.Get is not { } get) continue;
            var name = path + property.Name;
            if (get(body) is { } value) RefuseValue(value, type.Options.GetTypeInfo(value.GetType()), name);
            else if (!property.IsSetNullable || property.AssociatedParameter is { IsNullable: false }) throw Missing(name);
        }
    }

    private static void RefuseValue(object value, JsonTypeInfo type, string name)
    {
        switch (value)
        {
            case string text:
                RefuseText(text, name);
                break;
            case IDictionary members:
                foreach (DictionaryEntry member in members)
                {
                    RefuseText((string)member.Key, name);
                    RefuseElement(member.Value, type, $"{name}.{Printable.Of((string)member.Key)}");
                }

                break;
            case IEnumerable when IsAbsent(value):
                break; // An array that was left out; endpoints know it as the empty one.
            case IEnumerable elements:
                var index = 0;
                foreach (var element in elements) RefuseElement(element, type, $"{name}[{index++}]");
                break;
            default:
                if (type.Kind == JsonTypeInfoKind.Object) RefuseObject(value, type, name + ".");
                break;
        }
    }

    private static void RefuseElement(object? element, JsonTypeInfo type, string name)
    {
        if (element is null) throw Missing(name);
        RefuseValue(element, type.Options.GetTypeInfo(element.GetType()), name);
    }

    /// <summary>The default of an immutable array is no array at all, and says so to whoever counts it.</summary>
    private static bool IsAbsent(object array)
    {
        try
        {
            return array is ICollection { Count: < 0 };
        }
        catch (Exception error) when (error is NullReferenceException or InvalidOperationException)
        {
            return true;
        }
    }

    private static void RefuseText(string text, string name)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] == '\0') throw new Refusal(Refusal.BadRequest, $"'{name}' of the request's body holds a NUL character.", Remedy);
            if (!char.IsSurrogate(text[index])) continue;
            if (index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1])) index++;
            else throw new Refusal(Refusal.BadRequest, $"'{name}' of the request's body holds half a character.", Remedy);
        }
    }

    private static Refusal Missing(string name) => new(Refusal.BadRequest, $"The request's body has no '{name}'.", Remedy);
}
