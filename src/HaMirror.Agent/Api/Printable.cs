namespace HaMirror.Agent.Api;

/// <summary>Text of a caller's that is shown again: in a log or a refusal it must stay one short line.</summary>
internal static class Printable
{
    private const int LengthMax = 120;

    public static string Of(string text) => new([.. text.Take(LengthMax).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
