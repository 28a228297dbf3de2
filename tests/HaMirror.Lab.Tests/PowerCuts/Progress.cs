using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>What a long test says on its way: in its output, which is shown when it ends, and in the file HAMIRROR_PROGRESS.</summary>
internal sealed class Progress(ITestOutputHelper output)
{
    private static readonly string? Path = Environment.GetEnvironmentVariable("HAMIRROR_PROGRESS");

    public void Say(string text)
    {
        output.WriteLine(text);
        if (Path is not null) File.AppendAllText(Path, text + "\n");
    }
}
