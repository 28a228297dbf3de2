namespace HaMirror.Core.Configuration;

/// <summary>Paths inside a replicated directory, as an operator writes them.</summary>
internal static class RelativePath
{
    /// <summary>Null when the path stays inside the directory, else a clause; the clean form comes out of <paramref name="clean"/>.</summary>
    public static string? Refusal(string path, out string clean)
    {
        clean = "";
        if (path.StartsWith('/'))
        {
            return $"\"{VocabularyCheck.Clip(path)}\" is absolute; give a path relative to the replicated directory";
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToArray();
        if (parts.Contains(".."))
        {
            return $"\"{VocabularyCheck.Clip(path)}\" leaves the replicated directory; \"..\" is not accepted";
        }

        if (parts.Length == 0)
        {
            return "the path names the replicated directory itself";
        }

        clean = string.Join('/', parts);
        return null;
    }
}
