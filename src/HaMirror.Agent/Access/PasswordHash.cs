// Text: pbkdf2-sha512$ROUNDS$SALT$HASH, salt (16 bytes) and hash (32) in base64. The rounds are written down, so that more can
// be asked for later.
using System.Globalization;
using System.Security.Cryptography;

namespace HaMirror.Agent.Access;

/// <summary>Slow hashes of passwords.</summary>
internal static class PasswordHash
{
    /// <summary>A password shorter than this is refused: what slows guessing down does not stop it.</summary>
    public const int LengthMin = 10;

    public const int LengthMax = 256;
    private const string Scheme = "pbkdf2-sha512";
    private const int Rounds = 250_000; // About 0.2 s of one core.
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    public static string Of(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(CultureInfo.InvariantCulture,
            $"{Scheme}${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(Derive(password, salt, Rounds))}");
    }

    /// <summary>Takes as long for a kept hash that is none, so that time tells nobody which names exist.</summary>
    public static bool Matches(string kept, string password)
    {
        var parts = kept.Split('$');
        if (parts.Length != 4 || parts[0] != Scheme || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var rounds))
        {
            _ = Derive(password, new byte[SaltBytes], Rounds);
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(Derive(password, Convert.FromBase64String(parts[2]), rounds), Convert.FromBase64String(parts[3]));
    }

    private static byte[] Derive(string password, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, HashBytes);
}
