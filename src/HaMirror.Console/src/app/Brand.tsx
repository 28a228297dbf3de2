import classes from './Brand.module.css';

export function Brand() {
  return (
    <span className={classes.brand}>
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#1d5dbb" />
        <rect x="6" y="9" width="8" height="14" rx="2" fill="#fff" />
        <rect x="19" y="10" width="6" height="12" rx="1.500" fill="none" stroke="#fff" strokeWidth="2" />
        <path d="M14 16h5" stroke="#fff" strokeWidth="2" />
      </svg>
      HaMirror
    </span>
  );
}
