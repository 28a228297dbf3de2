using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>Reads <c>errd</c>: the processes that are watched (reference, section 2.6).</summary>
internal static class ErrdReader
{
    public static ErrdConfiguration Read(ElementValues errd, ReadingContext context)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var processes = ImmutableArray.CreateBuilder<ProcessConfiguration>();
        foreach (var process in errd.ChildrenNamed("proc"))
        {
            var name = process.Text("name");
            if (!names.Add(name))
            {
                context.Refuse(process.At("name"), $"the process \"{name}\" is watched twice");
            }

            var least = process.Whole("atleast");
            var most = process.Whole("atmax");
            if (most >= 0 && most < least)
            {
                context.Refuse(process.At("atmax"), $"\"atmax\" {most} is below \"atleast\" {least}");
            }

            if (process.Text("class") == "other")
            {
                context.Note(process.Element!, $"the process \"{name}\" has the class \"other\" and is not watched");
                continue;
            }

            processes.Add(new ProcessConfiguration(
                name,
                process.Text("service") == "yes",
                Pattern(process, "nameregex", context),
                Pattern(process, "argregex", context),
                least,
                most < 0 ? int.MaxValue : most,
                process.Whole("start_after"),
                CheckReader.Phase(process.Text("class")),
                CheckReader.Action(process.Text("action"))));
        }

        return new ErrdConfiguration(errd.Duration("polltimer"), processes.ToImmutable());
    }

    private static string? Pattern(ElementValues process, string attribute, ReadingContext context)
    {
        if (process.TextOrNull(attribute) is not { } pattern)
        {
            return null;
        }

        try
        {
            PosixExpression.Compile(pattern);
        }
        catch (FormatException failure)
        {
            context.Refuse(process.At(attribute), $"attribute \"{attribute}\" of \"proc\": {failure.Message}");
        }

        return pattern;
    }
}
