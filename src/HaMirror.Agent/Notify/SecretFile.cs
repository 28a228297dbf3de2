namespace HaMirror.Agent.Notify;

/// <summary>A password or secret that stands in a file of its own, so that the configuration can be shown.</summary>
internal static class SecretFile
{
    /// <returns>The first line.</returns>
    /// <exception cref="NotifyException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return reader.ReadLine()?.Trim() ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new NotifyException($"The secret cannot be read from '{path}': {error.Message}", error);
        }
    }
}
