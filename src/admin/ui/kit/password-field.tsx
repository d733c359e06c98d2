import { TextField } from "./field.js";

type Typed = { readonly value: string; readonly onInput: (text: string) => void };

/** Fields of the door and of one's account: the same names for password managers everywhere. */

export function LoginField(props: Typed) {
  return <TextField {...props} label="Login" path="login" required autoComplete="username" />;
}

export function PasswordField(props: Typed & { readonly label: string; readonly path: string }) {
  return <TextField {...props} type="password" required autoComplete="current-password" />;
}

export function NewPasswordField(props: Typed & { readonly label: string; readonly path: string }) {
  return (
    <TextField
      {...props}
      type="password"
      required
      hint="Long is better than odd: a few words in a row."
      autoComplete="new-password"
    />
  );
}
